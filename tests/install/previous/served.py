"""The previous release's application behind the probe that the installation asks, which that release had not."""

from console.wsgi import application as console


def application(environ, start_response):
    """Answer the probe: who answers it has loaded everything."""
    if environ["PATH_INFO"] == "/readyz":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"ok"]
    return console(environ, start_response)
