from django.apps import AppConfig


class MiniProgramsConfig(AppConfig):
    """Mini program list: programs, bindings, shelf."""

    name = "miniprograms"
    label = "miniprograms"
