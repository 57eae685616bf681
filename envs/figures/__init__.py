"""Figures before they are drawn; one file a marks class."""
