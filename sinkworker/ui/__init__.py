"""The page `/ui`: files that a browser reads as they are. No Python; `rest.page` serves them."""
