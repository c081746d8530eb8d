"""Applications, what they serve and which APIs they restrict as files."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from console.base.core.sheets import Column
from console.base.core.states import badge_of

APPLICATIONS: tuple[Column, ...] = (  # `with_counts`
    (_("Host app"), lambda application: application.name),
    (_("Host app ID"), lambda application: application.application_id),
    (_("Team"), lambda application: application.team),
    (_("Mini programs"), lambda application: application.bound),
    (_("Requests"), lambda application: application.waiting),
)
BOUND: tuple[Column, ...] = (
    (_("Mini program"), lambda binding: binding.mini_program.name),
    (_("App ID"), lambda binding: binding.mini_program.app_id),
    (_("Team"), lambda binding: binding.mini_program.team),
    (_("Shelf"), lambda binding: badge_of(binding.mini_program.shelf)[1]),
    (_("Online version"), lambda binding: binding.mini_program.online_number),
    (_("Bound (UTC)"), lambda binding: binding.decided_at),
    (_("Approved by"), lambda binding: binding.decided_by),
)
APIS: tuple[Column, ...] = (  # `with_grants`
    (_("API"), lambda api: api.name),
    (_("Purpose"), lambda api: api.purpose),
    (_("Status"), lambda api: badge_of("restricted" if api.restricted else "public")[1]),
    (_("Granted to"), lambda api: api.granted),
)
DEFAULTS: tuple[Column, ...] = (  # `with_use`
    (_("API"), lambda api: api.name),
    (_("Purpose"), lambda api: api.purpose),
    (_("In new apps"), lambda api: badge_of("restricted" if api.restricted else "public")[1]),
    (_("Restricted by"), lambda api: api.restricting),
    (_("Granted to"), lambda api: api.granted),
)
