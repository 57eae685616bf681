"""Questions, one file a skill; a generator asks about a view and knows no family."""
