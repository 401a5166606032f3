"""Tests against a real assayd: python -m unittest discover -s tests -t ."""
