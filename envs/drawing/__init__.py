"""From geometry to pixels: text metrics, colour distances, the display list and its painter."""
