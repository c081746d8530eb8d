"""The people, teams, applications, programs and tasks of the demo. All names are invented.

Each program's moves are (hours before now, verb, argument), made in the order of time.
"""

from decimal import Decimal
from typing import Any

from grayscale.guardrail import Guardrail

PEOPLE = {
    "mira@example.com": "Mira Lindqvist",
    "tomas@example.com": "Tomas Reyes",
    "ada@example.com": "Ada Kimura",
    "viktor@example.com": "Viktor Hale",
    "lena@example.com": "Lena Fischer",
    "omar@example.com": "Omar Said",
    "ines@example.com": "Ines Duarte",
    "jun@example.com": "Jun Park",
    "sol@example.com": "Sol Nieminen",
    "noor@example.com": "Noor Haddad",
}

TEAMS: dict[str, dict[str, str]] = {
    "Harbour Mobility": {
        "mira@example.com": "admin",
        "tomas@example.com": "license_holder",
        "ada@example.com": "developer",
        "viktor@example.com": "viewer",
        "jun@example.com": "viewer",
    },
    "City Services": {
        "lena@example.com": "admin",
        "mira@example.com": "license_holder",
        "omar@example.com": "developer",
        "sol@example.com": "viewer",
        "noor@example.com": "viewer",
    },
    "Green Market Co-op": {
        "ines@example.com": "admin",
        "tomas@example.com": "license_holder",
        "mira@example.com": "developer",
        "ada@example.com": "viewer",
    },
}

APPLICATIONS: dict[str, dict[str, Any]] = {
    "Harbour Super App": {
        "team": "Harbour Mobility",
        "admin": "mira@example.com",
        "reviewers": ["jun@example.com"],
        "description": "Tickets, timetables and everything around the harbour.",
        "icon": ("anchor", "#0b3a66", "#06203a"),
        "own_apis": {"harbour.openGate": "Open a gate of the ferry terminal"},
        "open_apis": ["wx.chooseLocation", "wx.choosePoi"],
    },
    "Metro Wallet": {
        "team": "City Services",
        "admin": "lena@example.com",
        "reviewers": ["sol@example.com", "noor@example.com"],
        "description": "Pay in shops, offices and trains.",
        "icon": ("wallet", "#c9302c", "#8d1f1c"),
        "own_apis": {"metro.readCard": "Read a travel card by NFC"},
        "open_apis": ["wx.chooseLocation"],
    },
}

DOWNLOADS = [  # version, days ago, system, requirement, megabytes
    ("3.8.1", 20, "macos", "13 or later", 184),
    ("3.8.1", 20, "windows", "10 or later", 171),
    ("3.8.1", 20, "linux", "x86-64", 166),
    ("3.7.4", 75, "macos", "12 or later", 180),
    ("3.7.4", 75, "windows", "10 or later", 168),
]

HARBOUR, METRO = "Harbour Super App", "Metro Wallet"


def released(hours: float, number: str, notes: str) -> list[tuple[float, str, str]]:
    """Return the moves of a version that everybody approves and that is published."""
    return [
        (hours + 30, "upload", f"{number} {notes}"),
        (hours + 28, "submit", number),
        (hours + 4, "approve", number),
        (hours, "publish", number),
    ]


def tried(hours: float, number: str, notes: str, task: str, enrolled: int = 0) -> list[tuple[float, str, str]]:
    """Return the moves of a version that had a grayscale task for two days before it was published."""
    moves = [
        (hours + 90, "upload", f"{number} {notes}"),
        (hours + 88, "submit", number),
        (hours + 56, "approve", number),
        (hours + 50, "task", task),
        (hours, "publish", number),
    ]
    return moves + ([(hours + 50, "enrol", f"{task} {enrolled} 48")] if enrolled else [])


PROGRAMS: dict[str, dict[str, Any]] = {
    "City Bus": {
        "team": "Harbour Mobility",
        "category": "Transport",
        "icon": ("bus", "#1f7ae0", "#0f56b3"),
        "introduction": "Live arrival times of every bus line.",
        "description": "Stops near you, the next buses at each of them, and the whole network on a map.",
        "pages": ["index", "stop", "route", "ticket"],
        "new_pages": {"2.7.0": ["season"]},
        "moves": [
            (24 * 38, "bind", HARBOUR),
            (24 * 37, "bind", METRO),
            (24 * 36, "see", ""),
            *released(24 * 34, "2.1.0", "Stops on a map"),
            *released(24 * 28, "2.2.1", "Season ticket reminders"),
            *tried(24 * 22, "2.3.0", "New route planner", "Route planner trial", enrolled=46),
            (24 * 21, "roll_back", "2.2.1"),
            *released(24 * 18, "2.3.2", "Fix for empty stop lists"),
            *tried(24 * 12, "2.4.0", "Live arrival times for night lines", "Night lines", enrolled=500),
            (24 * 9, "upload", "2.5.0 New timetable with live delays"),
            (24 * 9 - 1, "submit", "2.5.0"),
            (24 * 8, "approve", "2.5.0"),
            (24 * 5, "task", "New timetable, Metro drivers"),
            (24 * 5, "enrol", "New timetable, Metro drivers 46 20"),
            (24 * 4 + 4, "suspend", "New timetable, Metro drivers"),
            (24 * 5 - 1, "task", "New timetable, first 1,000"),
            (24 * 5 - 1, "enrol", "New timetable, first 1,000 284 23"),
            (24 * 4, "suspend", "New timetable, first 1,000"),
            (24 * 4 - 5, "resume", "New timetable, first 1,000"),
            (24 * 4 - 5, "enrol", "New timetable, first 1,000 333 91"),
            (4, "raise", "New timetable, first 1,000 1000"),
            (2, "task", "New timetable, staff accounts"),
            (60, "upload", "2.6.0 Stops near me. Faster arrival times."),
            (52, "submit", "2.6.0"),
            (40, "approve", f"2.6.0 {HARBOUR}"),
            (48, "upload", "2.6.1 Line 12 detour banner"),
            (26, "upload", "2.6.2 Fix stop search in dark mode"),
            (1, "upload", "2.7.0 Season tickets moved to their own page"),
            (24 * 33 + 20, "agree", "city-bus-1"),
            (24 * 13, "agree", "city-bus-2"),
            (5, "draft", "city-bus-draft"),
            (24 * 30, "offline", METRO),
            (24 * 17, "offline", HARBOUR),
            (24 * 11, "offline", METRO),
            (0.5, "trial", "2.7.0 pages/season/index from=home"),
            (24 * 33, "domains", "request +https://api.citybus.example +https://old-api.citybus.example"),
            (24 * 33 - 1, "domains", "uploadFile +https://upload.citybus.example"),
            (24 * 28 - 2, "domains", "downloadFile +https://static.citybus.example"),
            (24 * 20, "domains", "request +https://fares.citybus.example"),
            (24 * 12 + 5, "domains", "downloadFile +https://timetables.citybus.example"),
            (24 * 9 + 1, "domains", "socket +wss://live.citybus.example"),
            (24 * 6, "domains", "request -https://old-api.citybus.example"),
            (3, "domains", "request +https://id.harbour.example:8443"),
            (24 * 24, "ask_skip", f"{HARBOUR}: Tile servers change every week"),
            (24 * 23, "let_skip", HARBOUR),
            (17, "ask_skip", f"{METRO}: Tile servers change every week"),
            (24 * 33, "ask_apis", f"{HARBOUR}: wx.getLocation wx.startLocationUpdate: Stops nearby and the way there"),
            (24 * 32, "grant_apis", f"{HARBOUR}: wx.getLocation wx.startLocationUpdate"),
            (24 * 32, "ask_apis", f"{METRO}: wx.getLocation: Stops nearby"),
            (24 * 31, "lend_apis", f"{METRO}: wx.getLocation"),
            (24 * 9, "ask_apis", f"{HARBOUR}: wx.getPhoneNumber: A message before the last bus leaves"),
            (24 * 8, "reject_apis", f"{HARBOUR}: wx.getPhoneNumber: Subscription messages do this without the number."),
            (24 * 4, "revoke_api", f"{HARBOUR}: wx.startLocationUpdate: It also runs while no route is shown."),
            (20, "ask_apis", f"{HARBOUR}: harbour.openGate wx.openBluetoothAdapter: Tickets open the terminal's gates"),
        ],
    },
    "Tax Helper": {
        "team": "City Services",
        "category": "Government",
        "icon": ("receipt", "#5b6bc0", "#3a4793"),
        "introduction": "Your tax return, step by step.",
        "pages": ["index", "return", "receipts"],
        "moves": [
            (24 * 36, "bind", METRO),
            (24 * 35, "bind", HARBOUR),
            *released(24 * 22, "1.12.0", "Receipts by photo"),
            (30, "upload", "1.13.0 Reads last year's return"),
            (24, "submit", "1.13.0"),
            (5, "approve", f"1.13.0 {METRO}"),
            (24 * 21, "agree", "tax-helper-1"),
            (24 * 20, "offline", METRO),
            (24 * 23, "domains", "request +https://api.taxhelper.example"),
            (24 * 23 - 1, "domains", "uploadFile +https://receipts.taxhelper.example"),
            (24 * 22, "ask_apis", f"{METRO}: wx.chooseInvoiceTitle: Fills in the return"),
            (24 * 21, "grant_apis", f"{METRO}: wx.chooseInvoiceTitle"),
            (28, "ask_apis", f"{HARBOUR}: wx.startSoterAuthentication: Opens last year's return"),
        ],
    },
    "Flower Market": {
        "team": "Green Market Co-op",
        "category": "Shopping",
        "icon": ("flower", "#d9468b", "#a52b64"),
        "introduction": "Fresh bouquets from the market hall.",
        "pages": ["index", "bouquet", "cart"],
        "moves": [
            (24 * 37, "bind", HARBOUR),
            (24 * 36, "see", ""),
            *released(24 * 25, "3.0.2", "Bouquets of the season"),
            (24 * 6, "upload", "3.1.0 Bouquet builder"),
            (24 * 6 - 1, "submit", "3.1.0"),
            (24 * 5, "approve", "3.1.0"),
            (24 * 4, "task", "Bouquet builder, first 200"),
            (24 * 4, "enrol", "Bouquet builder, first 200 200 40"),
            (46, "upload", "3.2.0 Gift cards"),
            (24 * 26, "domains", "request +https://api.flowermarket.example"),
            (24 * 25, "domains", "business +https://www.flowermarket.example"),
            (24 * 26, "ask_apis", f"{HARBOUR}: wx.chooseAddress: Where to deliver"),
            (24 * 25, "grant_apis", f"{HARBOUR}: wx.chooseAddress"),
            (44, "ask_apis", f"{HARBOUR}: wx.requestPayment: Gift cards are paid in the app"),
        ],
    },
    "Clinic Booking": {
        "team": "City Services",
        "category": "Medical care",
        "icon": ("cross", "#12946b", "#0a6a4c"),
        "introduction": "Appointments in the city's clinics.",
        "pages": ["index", "doctor", "booking"],
        "moves": [
            (24 * 36, "bind", METRO),
            *released(24 * 5, "5.1.3", "Reminders the day before"),
            (80, "upload", "5.2.0 New booking flow"),
            (78, "submit", "5.2.0"),
            (30, "reject", "5.2.0"),
            (4, "upload", "5.2.1 New booking flow, with an offline page"),
            (6, "see", ""),
            (24 * 4, "agree", "clinic-booking-1"),
            (3, "trial", "5.2.1 pages/booking/index doctor=12"),
            (24 * 6, "domains", "request +https://api.clinicbooking.example"),
            (24 * 6, "ask_apis", f"{METRO}: wx.addPhoneCalendar: Appointments in the calendar"),
            (24 * 5 + 6, "grant_apis", f"{METRO}: wx.addPhoneCalendar"),
        ],
    },
    "Library Card": {
        "team": "City Services",
        "category": "Education",
        "icon": ("book", "#d17f1e", "#a35f0f"),
        "introduction": "Borrow, renew and find books.",
        "pages": ["index", "search"],
        "moves": [(20, "ask", HARBOUR)],
    },
    "Island Ferry": {
        "team": "Harbour Mobility",
        "category": "Transport",
        "icon": ("ferry", "#14a0b0", "#0d7480"),
        "introduction": "Ferry times and tickets for the islands.",
        "pages": ["index", "trip", "ticket"],
        "moves": [
            (24 * 36, "bind", HARBOUR),
            *released(24 * 30, "1.9.0", "Winter timetable"),
            *released(24 * 20, "1.10.0", "Bicycles on board"),
            *released(24 * 10, "1.11.0", "New ticket shop"),
            (24 * 4, "roll_back", "1.10.0"),
            (55, "upload", "1.12.0 Ticket shop, corrected"),
            (51, "submit", "1.12.0"),
            (24 * 31, "domains", "request +https://api.islandferry.example"),
            (24 * 11, "domains", "request +https://shop.islandferry.example:8443"),
        ],
    },
    "Parking Meter": {
        "team": "Harbour Mobility",
        "category": "Transport",
        "icon": ("parking", "#465267", "#2d3646"),
        "introduction": "Pay for parking by the minute.",
        "pages": ["index", "zone"],
        "moves": [
            (24 * 36, "bind", HARBOUR),
            *released(24 * 26, "2.0.5", "Zones by number plate"),
            (24 * 6, "upload", "2.1.0 Receipts by mail"),
            (24 * 6 - 2, "off", "The payment provider is being changed"),
            (24 * 27, "domains", "request +https://api.parkingmeter.example"),
        ],
    },
    "Harbour Tickets": {
        "team": "Harbour Mobility",
        "category": "Entertainment",
        "icon": ("ticket", "#8757d6", "#5f36a8"),
        "introduction": "Museums, tours and concerts by the water.",
        "pages": ["index", "event"],
        "moves": [
            (24 * 30, "bind", HARBOUR),
            (24 * 3, "upload", "1.0.0 First version"),
            (24 * 3 - 2, "submit", "1.0.0"),
            (24 * 2, "withdraw", "1.0.0"),
        ],
    },
    "School Lunch": {
        "team": "City Services",
        "category": "Education",
        "icon": ("bowl", "#e0633a", "#b04522"),
        "introduction": "This week's menu in every school.",
        "pages": ["index", "week"],
        "moves": [
            (24 * 30, "bind", METRO),
            (24 * 2, "upload", "1.0.0 First version"),
            (24 * 2 - 1, "submit", "1.0.0"),
            (24, "approve", "1.0.0"),
        ],
    },
    "Bike Share": {
        "team": "Harbour Mobility",
        "category": "Transport",
        "icon": ("bike", "#2f9e44", "#1f6e2f"),
        "introduction": "Find a bike, ride, park anywhere.",
        "pages": ["index", "ride"],
        "moves": [
            (24 * 36, "bind", METRO),
            *released(24 * 20, "1.4.0", "Ride with a friend"),
            (24 * 7, "unbind", METRO),
            (24 * 3, "refuse", HARBOUR),
        ],
    },
    "Recycling Days": {
        "team": "City Services",
        "category": "Government",
        "icon": ("bin", "#3b7d4f", "#285a38"),
        "introduction": "Which bin goes out today.",
        "pages": ["index", "calendar"],
        "moves": [
            (24 * 33, "bind", METRO),
            (24 * 32, "bind", HARBOUR),
            *released(24 * 15, "1.0.0", "First version"),
            (24 * 16, "domains", "request +https://api.recyclingdays.example"),
        ],
    },
    "Farm Box": {
        "team": "Green Market Co-op",
        "category": "Shopping",
        "icon": ("box", "#7a8b2e", "#55621c"),
        "introduction": "Vegetables from the farms around, weekly.",
        "pages": ["index", "box"],
        "moves": [(24 * 2, "upload", "0.9.0 Pilot")],
    },
}

# By program: the applications in which its devices were seen.
SEEN_IN = {"City Bus": [HARBOUR, METRO], "Flower Market": [HARBOUR], "Clinic Booking": [METRO]}

# What needs an installation proof, and since how many hours.
PROOFS: dict[str, tuple[float, list[str]]] = {METRO: (24 * 32, ["places", "consents", "reports", "logs"])}
# Devices without a place, whose reports on a version that is being tried are left out.
STRANGERS = ("City Bus", "2.5.0", 14)

TASKS: dict[str, dict[str, Any]] = {  # hours from the task's creation to its start and end
    "Route planner trial": {
        "version": "2.3.0",
        "hours": (0, 46),
        "limit": 200,
        "applications": [(HARBOUR, "", "")],
        "platforms": [("android", "12", "")],
        "networks": ["wifi"],
    },
    "Night lines": {
        "version": "2.4.0",
        "hours": (0, 24 * 7),
        "limit": 500,
        "applications": [(HARBOUR, "", ""), (METRO, "", "")],
        "platforms": [("android", "", ""), ("ios", "", "")],
    },
    "New timetable, Metro drivers": {
        "version": "2.5.0",
        "hours": (0, 24 * 8),
        "limit": 100,
        "applications": [(METRO, "", "")],
        "platforms": [("android", "", "")],
        "objects": ("device_id", "drivers.txt"),
    },
    "New timetable, first 1,000": {
        "version": "2.5.0",
        "hours": (0, 24 * 8),
        "limit": 700,
        "guardrail": Guardrail(rate=Decimal(5), devices=500),
        "applications": [(HARBOUR, "8.2.0", "")],
        "platforms": [("android", "10", ""), ("ios", "", "")],
        "networks": ["wifi", "5g"],
    },
    "New timetable, staff accounts": {
        "version": "2.5.0",
        "hours": (24 * 2, 24 * 9),
        "limit": 500,
        "applications": [(HARBOUR, "", ""), (METRO, "", "")],
        "platforms": [("android", "", ""), ("ios", "", "")],
        "objects": ("account", "staff.txt"),
    },
    "Bouquet builder, first 200": {
        "version": "3.1.0",
        "hours": (0, 24 * 10),
        "limit": 200,
        "applications": [(HARBOUR, "8.2.0", "")],
        "platforms": [("ios", "17", "")],
    },
}
