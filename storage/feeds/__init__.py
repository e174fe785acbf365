"""One module a feed: symbols and a span in, a long frame out."""
