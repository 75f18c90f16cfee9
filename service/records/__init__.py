"""Tables, enumerations and the plain words for them, and nothing that acts on them."""
