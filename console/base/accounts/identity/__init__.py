"""Sign-in by the company's identity provider (OpenID Connect, P-10)."""
