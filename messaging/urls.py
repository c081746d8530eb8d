"""The URLs of subscription messages: across programs, for one program, for one application, and for operators."""

from django.urls import path

from messaging.views import bans, gateway, library, log, overview, public_templates, sandbox, templates

app_name = "messaging"
PROGRAM = "miniprograms/<slug:app_id>/messages/"
APPLICATION = "<slug:application_id>/"

urlpatterns = [
    path("messages/", overview.overview, name="overview"),
    path(f"{PROGRAM}library/", library.library, name="library"),
    path(f"{PROGRAM}library/<int:template_number>/", library.select, name="select"),
    path(f"{PROGRAM}templates/", templates.templates, name="templates"),
    path(f"{PROGRAM}templates/<slug:template_id>/delete/", templates.delete_template, name="delete_template"),
    path(f"{PROGRAM}log/", log.log, name="log"),
    path(f"{PROGRAM}log/selected/<slug:act>/", log.selected_messages, name="selected_messages"),
    path(f"{PROGRAM}log/<int:message_id>/", log.message, name="message"),
    path(f"{PROGRAM}log/<int:message_id>/replay/", log.replay, name="replay"),
    path(f"{PROGRAM}sandbox/", sandbox.sandbox, name="sandbox"),
]

# Below /apps/, in the namespace of `console.base.hosts.urls`.
application_urlpatterns = [
    path(f"{APPLICATION}gateway/", gateway.gateway, name="gateway"),
    path(f"{APPLICATION}gateway/set/", gateway.set_gateway, name="set_gateway"),
    path(f"{APPLICATION}gateway/test/", gateway.send_test, name="send_test"),
    path(f"{APPLICATION}gateway/replay/", gateway.replay_failed, name="replay_failed"),
    path(f"{APPLICATION}server-secret/generate/", gateway.generate_server_secret, name="generate_server_secret"),
    path(f"{APPLICATION}server-secret/reset/", gateway.reset_server_secret, name="reset_server_secret"),
    path(f"{APPLICATION}bans/add/", bans.ban, name="ban"),
    path(f"{APPLICATION}bans/<int:ban_id>/lift/", bans.lift, name="lift_ban"),
]

# Below /platform/, in the namespace of `console.platform.urls`.
platform_urlpatterns = [
    path("templates/", public_templates.templates, name="templates"),
    path("templates/add/", public_templates.add_template, name="add_template"),
    path("templates/<int:public_id>/", public_templates.edit_template, name="edit_template"),
    path("templates/<int:public_id>/delete/", public_templates.delete_template, name="delete_template"),
    path("templates/selected/<slug:act>/", public_templates.selected_templates, name="selected_templates"),
]
