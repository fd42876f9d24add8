"""The tour of `mimamori demo` (protocol 8): a whole gateway in a temporary folder, and a story told with it."""
