"""Tests against a real assayd, with tools of the Python client's tests beside this folder:
python -m unittest discover -s tests -t .."""
