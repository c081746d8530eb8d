"""The walk (test_every_page.py) over one section's pages."""


def test_pages_are_sound(walk):
    complaints = walk("platform")
    assert complaints == [], "\n".join(complaints)
