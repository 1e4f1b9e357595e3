"""A real mail server (aiosmtpd) that refuses, stalls and drops connections as a test asks for.

Takes as JSON a list of servers, listens for each on a port of its own on loopback, and prints the ports:

    tls   "off", "starttls" or "implicit"
    login the mechanisms that it offers, such as ["PLAIN"]; nothing is taken without login. Empty: no login
    utf8  whether it takes addresses beyond ASCII (SMTPUTF8)
    at    what it does at a step (greeting, EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, content, NOOP, QUIT), one
          action for each time that the step comes, the last one for all that follow:
          null     as a server does
          "stall"  nothing, until the client leaves
          "late"   nothing, until the client says something more; then as a server does
          "drop"   hangs up
          else     this answer

Keeps in the folder n, for the nth server: `connections` with a line for each, how many were open with it; `lines`
with the commands, and `content` for each mail; and what was taken, with its envelope, as `<count>.json`.
"""

import asyncio
import json
import pathlib
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

USER, PASSWORD = b"przesiadka", "zażółć-sekret".encode()
VERBS = ["EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "NOOP", "QUIT"]


class Place:
    """What the connections of one server share."""

    def __init__(self, folder, manner):
        self.folder, self.manner, self.open = folder, manner, 0
        folder.mkdir()

    def next(self, step):
        actions = self.manner["at"].get(step, [None])
        return actions.pop(0) if len(actions) > 1 else actions[0]

    def note(self, file, line):
        with open(self.folder / file, "a", encoding="utf-8") as notes:
            notes.write(line + "\n")

    def keep(self, envelope):
        mail = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "content": envelope.content.decode("utf-8"),
        }
        path = self.folder / f"{len(list(self.folder.glob('*.json')))}.json"
        path.write_text(json.dumps(mail), encoding="utf-8")

    async def handle_DATA(self, server, session, envelope):
        self.note("lines", "content")
        answer = await server.act("content")
        if answer is None or answer.startswith("2"):
            self.keep(envelope)
        return answer or "250 2.0.0 taken as 7"


class Server(SMTP):
    def __init__(self, place, **settings):
        super().__init__(place, **settings)
        self.place, self.more, self.greeted = place, asyncio.Event(), False

    def data_received(self, data):
        self.more.set()
        super().data_received(data)

    def connection_lost(self, error):
        self.place.open -= self.greeted
        super().connection_lost(error)

    async def act(self, step):
        """The answer instead of the usual one; none where that is given."""
        self.more.clear()
        action = self.place.next(step)
        if action == "late":
            await self.more.wait()
        elif action == "drop":
            self.transport.abort()
        if action in ("stall", "drop"):
            await asyncio.Event().wait()
        return None if action == "late" else action

    async def push(self, status):
        if not self.greeted:
            self.greeted = True
            self.place.open += 1
            self.place.note("connections", str(self.place.open))
            status = await self.act("greeting") or status
        await super().push(status)


def at(verb):
    async def method(self, arg):
        self.place.note("lines", f"{verb} {arg}")
        answer = await self.act(verb)
        if answer is None:
            await getattr(SMTP, f"smtp_{verb}")(self, arg)
        else:
            await self.push(answer)

    return method


for verb in VERBS:
    setattr(Server, f"smtp_{verb}", at(verb))


def authenticate(server, session, envelope, mechanism, data):
    return AuthResult(success=(data.login, data.password) == (USER, PASSWORD), handled=False)


async def listen(place, context):
    manner = place.manner
    settings = {
        "hostname": "mail.example",
        "enable_SMTPUTF8": manner["utf8"],
        "auth_require_tls": False,
        "auth_required": bool(manner["login"]),
        "auth_exclude_mechanism": {"PLAIN", "LOGIN"} - set(manner["login"]),
        "authenticator": authenticate,
    }
    if manner["tls"] == "starttls":
        settings |= {"tls_context": context, "require_starttls": True}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Server(place, loop=loop, **settings),
        "127.0.0.1",
        0,
        ssl=context if manner["tls"] == "implicit" else None,
    )
    return server, server.sockets[0].getsockname()[1]


async def main(folder, manners):
    folder = pathlib.Path(folder)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    places = [Place(folder / str(n), manner) for n, manner in enumerate(json.loads(manners))]
    servers = [await listen(place, context) for place in places]
    print(json.dumps([port for _, port in servers]), flush=True)
    await asyncio.gather(*(server.serve_forever() for server, _ in servers))


asyncio.run(main(*sys.argv[1:]))
