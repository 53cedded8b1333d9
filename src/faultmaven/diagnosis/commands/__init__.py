"""Commands a person may be shown: filled with names that are safe to paste, and rated by what they would do."""
