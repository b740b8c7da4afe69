"""orch turns a written request into verified software."""
