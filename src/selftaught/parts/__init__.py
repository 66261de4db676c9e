"""What methods are made of, when it holds state or two families use it."""
