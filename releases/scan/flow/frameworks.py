"""The frameworks that mini programs are built with, by what is in the files that they bring.

What a runtime calls by itself in every build, also of an empty program, is the framework's and not the program's; it is
recognised by its name and only in the file that has the mark. `tests/frameworks` builds an empty program with each.
"""

from __future__ import annotations

from typing import NamedTuple

from ..facts import Reason


class Framework(NamedTuple):
    """`marks`: one of them is in its runtime; `apis` and `hosts`: what the runtime itself calls in every build; `adds`:
    what it puts onto the API object, for the program's pages to call; `open`: why it can't be followed itself.

    What programs do through one that `is_followed` is found; of others that can't be said.
    """

    name: str
    marks: tuple[bytes, ...]
    apis: frozenset[str]
    hosts: frozenset[str] = frozenset()
    adds: frozenset[str] = frozenset()
    open: frozenset[Reason] = frozenset()
    is_followed: bool = True


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


FRAMEWORKS = (
    Framework(
        "Taro",
        (b"initNativeApi",),
        _names("createIntersectionObserver createSelectorQuery getSystemInfoSync hasOwnProperty nextTick request"),
        open=frozenset(["handed", "address", "name"]),
    ),
    Framework(
        "uni-app",
        (b"requireMiniProgram", b"__uniConfig", b"invokeCreateVueAppHook"),
        _names(
            "canIUse createSelectorQuery getAccountInfoSync getAppBaseInfo getDeviceInfo getLaunchOptionsSync"
            " getStorageSync getSystemInfoSync getWindowInfo onAppHide onAppShow preloadAssets setStorage"
            " shareVideoMessage"
        ),
        frozenset(["cdn1.dcloud.net.cn"]),
        _names("$onErrorHandlers createApp createComponent createPage createPlugin createSubpackageApp miniapp"),
        frozenset(["handed", "name"]),
    ),
    Framework(
        "Mpx",
        (b"Mpx property [", b"@mpxjs"),
        _names("createIntersectionObserver createSelectorQuery request"),
        open=frozenset(["handed"]),
    ),
    Framework("Remax", (b"__remax", b"REMAX_"), _names("stopPullDownRefresh")),
    Framework("WePY", (b"WePY",), _names("createSelectorQuery navigateBack"), open=frozenset(["handed", "name"])),
    Framework(
        "kbone",
        (b"miniprogram-render",),
        _names(
            "createIntersectionObserver createSelectorQuery getSystemInfoSync hideLoading hideShareMenu navigateTo"
            " redirectTo showLoading switchTab"
        ),
        is_followed=False,  # Its programs make their pages, with buttons and requests, of what a browser has.
    ),
    # What others are built on comes last.
    Framework("React", (b"react.element", b"react.transitional.element"), frozenset(), open=frozenset(["handed"])),
    Framework("Vue", (b"__v_isVNode",), frozenset(), open=frozenset(["handed", "name"])),
)
BY_NAME = {framework.name: framework for framework in FRAMEWORKS}


def framework_of(source: bytes) -> str:
    """Return the name of the framework whose runtime a script holds, "" for none that is known."""
    for framework in FRAMEWORKS:
        if any(mark in source for mark in framework.marks):
            return framework.name
    return ""
