"""The client of i-PI's protocol, for tests/bindings/run.sh: python ipi.py COMMAND SOCKET NAME.pes

ASE's SocketIOCalculator is the server. COMMAND is README's; the same numbers must come as from the calculator of eqml.
Then a server of this file's own plays what ASE does not: a server that is lost and comes back, words that are not of the
protocol, other atoms.
"""

import json
import os
import shlex
import socket
import struct
import subprocess
import sys

import numpy as np
from ase import Atoms, units
from ase.calculators.socketio import SocketIOCalculator

from eqml import Surface

command, name, pes = sys.argv[1:]
surface = Surface(pes)
XYZ = np.array([[1.4, 1.1, 0], [-1.4, 1.1, 0], [0, 0.1, 0]])  # bohr


def energy_and_forces(atoms: Atoms) -> tuple:
    """The surface's own, in ASE's units: those of its constants."""
    energy, gradient = surface.energy_gradient(atoms.positions / units.Bohr)
    return float(energy) * units.Hartree, -np.asarray(gradient) * units.Hartree / units.Bohr


def with_ase() -> None:
    open_space = Atoms("H2O", XYZ * units.Bohr)
    boxed = Atoms("H2O", XYZ * units.Bohr, cell=[10, 11, 12], pbc=True)
    client = subprocess.Popen(shlex.split(command))
    with SocketIOCalculator(unixsocket=name, timeout=60) as server:
        for atoms in (open_space, boxed):
            atoms.calc = server
            for seed in range(3):
                atoms.rattle(0.02, seed=seed)
                energy, forces = energy_and_forces(atoms)
                assert abs(energy - atoms.get_potential_energy()) < 1e-12 * abs(energy)
                assert np.abs(forces - atoms.get_forces()).max() < 1e-10
        # Atoms that were wrapped across the borders of a cell that is not rectangular.
        wrapped = Atoms("H2O", XYZ * units.Bohr, cell=[[6, 0, 0], [2, 7, 0], [-1, 3, 8]], pbc=True, calculator=server)
        energy, forces = energy_and_forces(wrapped)
        wrapped.wrap()
        assert np.ptp(wrapped.positions, axis=0).max() > 3
        assert abs(energy - wrapped.get_potential_energy()) < 1e-12 * abs(energy)
        assert np.abs(forces - wrapped.get_forces()).max() < 1e-10
        boxed.get_potential_energy()
        # The stress is the derivative of the energy by the strain, over the volume.
        stress, step = boxed.get_stress(voigt=False), 1e-4
        for i in range(3):
            for j in range(3):
                energies = []
                for sign in (1, -1):
                    strain = np.eye(3)
                    strain[i, j] += sign * step
                    energies.append(energy_and_forces(Atoms("H2O", boxed.positions @ strain))[0])
                slope = (energies[0] - energies[1]) / (2 * step * boxed.get_volume())
                assert abs(slope - stress[i, j]) < 1e-7, (i, j, slope, stress)
    assert client.wait(20) == 0


class Server:
    """One conversation, as i-PI has it."""

    def __init__(self, words: list):
        path = "/tmp/ipi_" + name
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        os.chmod(path, 0o600)
        self.listener.listen(1)
        self.listener.settimeout(30)
        self.client = subprocess.Popen(shlex.split(command) + words, stderr=subprocess.PIPE, text=True)

    def accept(self) -> None:
        self.at, _ = self.listener.accept()
        self.at.settimeout(30)

    def say(self, word: str, *parts: bytes) -> None:
        self.at.sendall(word.encode().ljust(12) + b"".join(parts))

    def hear(self, n: int) -> bytes:
        got = b""
        while len(got) < n:
            part = self.at.recv(n - len(got))
            assert part, "the client has gone"
            got += part
        return got

    def ask(self, xyz: np.ndarray) -> tuple:
        self.say("STATUS")
        assert self.hear(12).strip() == b"READY"
        self.say("INIT", struct.pack("ii", 3, 5), b"text ")
        self.say("POSDATA", bytes(144), struct.pack("i", len(xyz)), xyz.tobytes())
        self.say("STATUS")
        assert self.hear(12).strip() == b"HAVEDATA"
        self.say("GETFORCE")
        assert self.hear(12).strip() == b"FORCEREADY"
        energy, natoms = struct.unpack("=di", self.hear(12))
        forces = np.frombuffer(self.hear(24 * natoms)).reshape(-1, 3)
        self.hear(72)
        return energy, forces, self.hear(struct.unpack("i", self.hear(4))[0])

    def end(self, status: int, says: str = "") -> None:
        self.at.close()
        self.listener.close()
        os.unlink("/tmp/ipi_" + name)
        message = self.client.communicate(timeout=20)[1]
        assert self.client.returncode == status and says in message, (self.client.returncode, message)


def with_own() -> None:
    turned = XYZ[[2, 0, 1]]
    server = Server(["--dipole", "--atoms", "O H H", "--reconnect", "20"])
    for visit in range(2):  # the second after the connection was lost
        server.accept()
        energy, forces, extras = server.ask(turned)
        wanted, gradient = surface.energy_gradient(XYZ)
        assert abs(energy - wanted) < 1e-12 * abs(wanted)
        assert np.abs(forces + gradient[[2, 0, 1]]).max() < 1e-12
        assert np.abs(json.loads(extras)["dipole"] - surface.dipole(XYZ)).max() < 1e-12
        if visit == 0:
            server.at.close()
    # All of a request in one go, as newer servers send it: answers come in order.
    asked = [word.encode().ljust(12) for word in ("STATUS", "POSDATA", "GETFORCE", "STATUS")]
    server.at.sendall(asked[0] + asked[1] + bytes(144) + struct.pack("i", 3) + turned.tobytes() + asked[2] + asked[3])
    assert server.hear(24) == b"READY       FORCEREADY  "
    assert abs(struct.unpack("=di", server.hear(12))[0] - wanted) < 1e-12 * abs(wanted)
    server.hear(72 + 72)
    server.hear(struct.unpack("i", server.hear(4))[0])
    assert server.hear(12) == b"READY       "
    server.say("EXIT")
    server.end(0, "looking for it again")

    def refused(says: str, *message) -> None:
        server = Server([])
        server.accept()
        server.say(*message)
        server.end(1, says)

    four = np.zeros((4, 3))
    refused("the server has 4 atoms, and", "POSDATA", bytes(144), struct.pack("i", 4), four.tobytes())
    refused('the server says "HELLO"', "HELLO")
    refused("before it has sent positions", "GETFORCE")
    refused("the server sends batches", "INIT", struct.pack("ii", 0, 24), b'{"m":1}, batch_size:8,  ')
    refused("leave it out", "POSDATA", bytes(144), struct.pack("i", 1076101120))
    refused("broke off within a message", "POSDATA", bytes(7))
    small = np.diag([4.0, 9, 9]).tobytes() + bytes(72)
    refused("the cell is too small", "POSDATA", small, struct.pack("i", 3), (XYZ % 4).tobytes())
    refused("has no energy", "POSDATA", bytes(144), struct.pack("i", 3), np.zeros((3, 3)).tobytes())


with_ase()
with_own()
