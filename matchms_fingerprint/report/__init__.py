"""What people look at: the report of a run in the browser, and figures for papers. From results only."""
