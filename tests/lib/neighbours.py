"""What a container finds beside it, on the loopback of a network namespace of its own: DNS, where every name under
`test` is 127.0.0.1; an issuer's keys over HTTPS; a mail server, which keeps each mail as a file.

    neighbours.py FOLDER    with jwks.json, cert.pem and key.pem; mails go to FOLDER/mails, and `ready` says it listens
"""

import asyncio
import fcntl
import pathlib
import socket
import ssl
import struct
import sys

from aiosmtpd.smtp import SMTP

NAME_ERROR = 3


def bring_loopback_up():
    set_flags, up = 0x8914, 1
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, set_flags, struct.pack("16sh14x", b"lo", up))


class Names(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, query, sender):
        end = query.index(b"\0", 12) + 5
        question = query[12:end]
        known = question[:-4].endswith(b"\4test\0")
        answers = known and question[-4:-2] == b"\0\1"
        flags = 0x8180 | (0 if known else NAME_ERROR)
        head = query[:2] + struct.pack("!5H", flags, 1, int(answers), 0, 0)
        address = b"\xc0\x0c\0\1\0\1" + struct.pack("!IH", 60, 4) + bytes([127, 0, 0, 1])
        self.transport.sendto(head + question + (address if answers else b""), sender)


class Mails:
    def __init__(self, folder):
        self.folder = folder

    async def handle_DATA(self, server, session, envelope):
        unfinished = self.folder / f".{len(list(self.folder.iterdir()))}"
        unfinished.write_bytes(envelope.content)
        unfinished.rename(self.folder / f"{unfinished.name[1:]}.eml")
        return "250 2.0.0 taken"


async def serve_file(content, reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(content) + content)
    await writer.drain()
    writer.close()


async def main(folder):
    bring_loopback_up()
    mails = folder / "mails"
    mails.mkdir()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    jwks = (folder / "jwks.json").read_bytes()
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(Names, ("127.0.0.1", 53))
    await asyncio.start_server(lambda r, w: serve_file(jwks, r, w), "127.0.0.1", 443, ssl=context)
    await loop.create_server(lambda: SMTP(Mails(mails), hostname="mail.test"), "127.0.0.1", 25)
    (folder / "ready").touch()
    await asyncio.Event().wait()


asyncio.run(main(pathlib.Path(sys.argv[1])))
