"""What goes out of the house: bank files."""
