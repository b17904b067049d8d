"""The office: the only place where Django is imported."""
