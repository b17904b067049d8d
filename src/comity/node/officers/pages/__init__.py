"""One module per page: it parses what was sent, asks the desk, and shows a template."""
