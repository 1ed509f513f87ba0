"""Pages and pictures of evaluations, made from results alone."""
