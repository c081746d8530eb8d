"""The URLs of grayscale release: across programs, and for one program."""

from django.urls import path

from grayscale.views import guardrail, moves, object_lists, progress, tasks

app_name = "grayscale"
PROGRAM = "miniprograms/<slug:app_id>/grayscale/"

urlpatterns = [
    path("grayscale/", tasks.overview, name="overview"),
    path(PROGRAM, tasks.tasks, name="tasks"),
    path(f"{PROGRAM}new/", tasks.create, name="create"),
    path(f"{PROGRAM}preview/", tasks.preview, name="preview"),
    path(f"{PROGRAM}guardrail/", guardrail.preview, name="guardrail"),
    path(f"{PROGRAM}<int:task_id>/edit/", tasks.edit, name="edit"),
    path(f"{PROGRAM}<int:task_id>/copy/", tasks.copy, name="copy"),
    path(f"{PROGRAM}<int:task_id>/start/", moves.start, name="start"),
    path(f"{PROGRAM}<int:task_id>/suspend/", moves.suspend, name="suspend"),
    path(f"{PROGRAM}<int:task_id>/resume/", moves.resume, name="resume"),
    path(f"{PROGRAM}<int:task_id>/end/", moves.end, name="end"),
    path(f"{PROGRAM}lists/", object_lists.upload, name="lists"),
    path(f"{PROGRAM}lists/<int:list_id>.txt", object_lists.values, name="list_values"),
    path(f"{PROGRAM}explain/", progress.explain, name="explain"),
    path(f"{PROGRAM}<int:task_id>/", progress.progress, name="progress"),
    path(f"{PROGRAM}<int:task_id>/live/", progress.live, name="live"),
]
