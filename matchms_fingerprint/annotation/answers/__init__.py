"""What can be said of a feature where no single structure stands out: compound classes and shared substructures."""
