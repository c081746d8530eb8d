"""What the platform's own SDK asks (A-5): `tcsas` of the Tencent Cloud SDK, version 2025-01-06, at `POST /`."""
