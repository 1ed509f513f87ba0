"""What speaks for a candidate structure: one kind of evidence a file."""
