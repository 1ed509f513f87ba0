"""matchms filters, one public function per file."""
