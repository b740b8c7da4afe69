"""From exact specs to files: literals, SQL, views of specs, and the templates of a pack."""
