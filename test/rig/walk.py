"""Walks unpacked root file systems and prints one JSON line for each path: what the kernel says of it. Each root ends with an empty line.

Paths, link targets and xattr values are bytes; they are printed as text where they are UTF-8, with every other byte
written as \\xNN and a backslash doubled.
"""
import hashlib
import json
import os
import stat
import sys

KINDS = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "directory",
    stat.S_IFLNK: "symlink",
    stat.S_IFIFO: "fifo",
    stat.S_IFCHR: "character device",
    stat.S_IFBLK: "block device",
    stat.S_IFSOCK: "socket",
}


def text(raw):
    out = []
    for char in raw.decode("utf-8", "surrogateescape"):
        if 0xDC80 <= ord(char) <= 0xDCFF:
            out.append("\\x%02x" % (ord(char) - 0xDC00))
        else:
            out.append("\\\\" if char == "\\" else char)
    return "".join(out)


DIGESTS = {}


def digest(path, inode):
    """Content is read once for all names of a file."""
    if inode not in DIGESTS:
        DIGESTS[inode] = read_digest(path)
    return DIGESTS[inode]


def read_digest(path):
    hasher = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            hasher.update(chunk)
    return hasher.hexdigest()


def facts(path, name):
    status = os.lstat(path)
    kind = KINDS[stat.S_IFMT(status.st_mode)]
    entry = {
        "path": text(name),
        "type": kind,
        "mode": "%04o" % stat.S_IMODE(status.st_mode),
        "uid": status.st_uid,
        "gid": status.st_gid,
        "mtime": status.st_mtime_ns // 1_000_000_000,
        "inode": "%d:%d" % (status.st_dev, status.st_ino),
        "links": status.st_nlink,
    }
    if kind == "file":
        entry["size"] = status.st_size
        entry["sha256"] = digest(path, entry["inode"])
    if kind == "symlink":
        entry["target"] = text(os.readlink(path))
    if "device" in kind:
        entry["device"] = "%d,%d" % (os.major(status.st_rdev), os.minor(status.st_rdev))
    xattrs = {key: os.getxattr(path, key, follow_symlinks=False) for key in os.listxattr(path, follow_symlinks=False)}
    entry["xattrs"] = {key: xattrs[key].hex() for key in sorted(xattrs) if key != "security.selinux"}
    return entry


def walk(root):
    print(json.dumps(facts(root, b"/")))
    for folder, folders, files in os.walk(root):
        folders.sort()
        for name in sorted(folders + files):
            path = os.path.join(folder, name)
            print(json.dumps(facts(path, path[len(root):])))


for argument in sys.argv[1:]:
    walk(os.fsencode(argument).rstrip(b"/"))
    print()
