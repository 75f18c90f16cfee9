"""Tables and enumerations, and nothing that acts on them."""
