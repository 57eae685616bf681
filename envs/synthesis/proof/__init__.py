"""What charts and questions must stand to be kept: the code contract, figures against data, two programs."""
