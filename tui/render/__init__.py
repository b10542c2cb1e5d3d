"""Results to lines of text and to data: pure, and testable without a terminal."""
