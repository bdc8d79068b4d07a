import type { BaseName } from '../rig/bases.js';
import type { MadeFile } from '../rig/context-files.js';

/** A rule that every layer keeps, as an image that shows whether it was kept once it is loaded. */
export interface LayerRule {
  readonly name: string;
  readonly rule: string;
  readonly base: BaseName;
  /** The Dockerfile after its FROM. */
  readonly dockerfile: string;
  readonly context?: readonly MadeFile[];
  /** A shell script that runs in a container of the image. */
  readonly probe: string;
  /** What the script prints. */
  readonly prints: string;
}

/** The rules of the one writer of layers. */
export const layerRules: readonly LayerRule[] = [
  {
    name: 'ancestors',
    rule: 'every ancestor of an entry is in the layer with the metadata of the tree: /tmp keeps its sticky bit',
    base: 'busybox',
    dockerfile: 'COPY a /tmp/deep/a\nCOPY a /root/.config/a\nRUN echo x > /var/www/x && echo y > /var/spool/mail/y',
    context: [{ path: 'a', text: 'a' }],
    probe: "stat -c '%n %a %u:%g' /tmp /tmp/deep /root /var/www /var/spool/mail /home",
    prints:
      '/tmp 1777 0:0\n/tmp/deep 755 0:0\n/root 700 0:0\n/var/www 755 33:33\n/var/spool/mail 755 8:8\n/home 755 65534:65534\n',
  },
  {
    name: 'real-path',
    rule: 'an entry stands by its real path: a link such as /var/run is resolved, not replaced',
    base: 'busybox',
    dockerfile: 'COPY a /var/run/copied\nRUN echo ran > /var/run/ran',
    context: [{ path: 'a', text: 'a\n' }],
    probe: 'readlink /var/run; cat /run/copied /run/ran',
    prints: '../run\na\nran\n',
  },
  {
    name: 'one-entry-a-path',
    rule: 'one path has one entry, the last one written',
    base: 'busybox',
    dockerfile: 'COPY one/x two/x three/x /dest/\nADD twice.tar /twice/',
    context: [
      { path: 'one/x', text: '1\n' },
      { path: 'two/x', text: '2\n' },
      { path: 'three/x', text: '3\n' },
      {
        path: 'twice.tar',
        tar: 'plain',
        entries: [
          { path: 'y', text: 'y\n' },
          { path: 'y', text: 'Y\n' },
        ],
      },
    ],
    probe: 'cat /dest/x /twice/y; ls /dest /twice',
    prints: '3\nY\n/dest:\nx\n\n/twice:\ny\n',
  },
  {
    name: 'hard-links',
    rule: 'a hard-link group that changed is in the layer whole, also where its other names lie in a lower layer',
    base: 'fixtures',
    dockerfile: 'RUN ln /data/links/b /data/links/d && mkdir /new && ln /data/kept.txt /new/kept',
    probe:
      "stat -c '%n %h' /data/links/a /data/links/d /new/kept; test /data/links/a -ef /data/links/d && test /data/kept.txt -ef /new/kept && cat /data/links/d",
    prints: '/data/links/a 4\n/data/links/d 4\n/new/kept 2\nlinked\n',
  },
  {
    name: 'hard-link-metadata',
    rule: 'every name of a hard-link group has the same metadata',
    base: 'busybox',
    dockerfile: 'RUN mkdir /l && echo x > /l/b && ln /l/b /l/a && ln /l/b /l/c\nRUN chmod 0640 /l/c && chown 3:4 /l/a',
    probe: "stat -c '%n %a %u:%g %h' /l/a /l/b /l/c",
    prints: '/l/a 640 3:4 3\n/l/b 640 3:4 3\n/l/c 640 3:4 3\n',
  },
  {
    name: 'replaced-folder',
    rule: 'a folder whose old content is gone has one form that every loader understands',
    base: 'fixtures',
    dockerfile:
      'RUN rm -r /data/dir && mkdir /data/dir && echo new > /data/dir/new\nRUN rm -r /data/opaque && mkdir -p /data/opaque/new.txt && echo deep > /data/opaque/new.txt/deep',
    probe: 'find /data/dir /data/opaque | sort',
    prints: '/data/dir\n/data/dir/new\n/data/opaque\n/data/opaque/new.txt\n/data/opaque/new.txt/deep\n',
  },
  {
    name: 'type-changes',
    rule: 'a folder may become a file, a file a folder, a link a folder',
    base: 'fixtures',
    dockerfile:
      'RUN rm -r /data/dir && echo file > /data/dir && rm /data/kept.txt && mkdir /data/kept.txt && echo in > /data/kept.txt/in\nRUN rm /data/dir && mkdir /data/dir && echo again > /data/dir/again && rm /opt/alias && mkdir /opt/alias',
    probe: "stat -c '%n %F' /data/dir /data/kept.txt /opt/alias; cat /data/dir/again /data/kept.txt/in; ls /data/dir",
    prints: '/data/dir directory\n/data/kept.txt directory\n/opt/alias directory\nagain\nin\nagain\n',
  },
  {
    name: 'deletions',
    rule: 'what was deleted is gone, its neighbours are not',
    base: 'fixtures',
    dockerfile: 'RUN rm -r /data/dir /data/one.txt /data/names && rm /data/links/b',
    probe: 'ls /data; ls /data/links',
    prints:
      'capped\ndev\nkept.txt\nlinks\nopaque\nperm\nswap-to-dir\nswap-to-file\nxattr\na\nc\ndangling\nto-a\nto-etc\n',
  },
  {
    name: 'xattrs',
    rule: 'xattrs stay, those of overlay file systems do not, capabilities are in their second form',
    base: 'attributes',
    dockerfile:
      'RUN cp /bin/true /capped && setcap cap_net_raw+ep /capped && echo x > /noted && setfattr -n user.note -v hello /noted && setfattr -n user.overlay.opaque -v y /noted',
    probe:
      'getcap /capped; getfattr --only-values -n user.note /noted; echo; getfattr -d /noted | grep -c overlay; getfattr -e hex -n security.capability --only-values /capped | od -An -tx1 | head -1',
    prints: '/capped cap_net_raw=ep\nhello\n0\n 01 00 00 02 00 20 00 00 00 00 00 00 00 00 00 00\n',
  },
  {
    name: 'names',
    rule: 'names stay as the bytes that they are, at any length',
    base: 'busybox',
    dockerfile:
      "RUN mkdir /o && cd /o && touch \"$(printf 'latin-\\351')\" \"$(printf 'new\\nline')\" 日本 && d=$(printf 'd%.0s' $(seq 1 200)) && mkdir -p $d/$d && touch $d/$d/file && ln -s /o/$d/$d/file link",
    probe:
      'cd /o; test -e "$(printf \'latin-\\351\')" && test -e "$(printf \'new\\nline\')" && test -e 日本 && test -f link && readlink link | wc -c; ls | wc -l',
    prints: '410\n5\n',
  },
  {
    name: 'ids-modes-and-devices',
    rule: 'large ids, every mode bit, mode 0, devices and fifos stay',
    base: 'busybox',
    dockerfile:
      'RUN touch /big /zero /suid && chown 3000000:4000000 /big && chmod 0 /zero && chmod 6755 /suid && mknod /null c 1 3 && mkfifo /fifo',
    probe: "stat -c '%n %a %u:%g %F %t,%T' /big /zero /suid /null /fifo",
    prints:
      '/big 644 3000000:4000000 regular empty file 0,0\n/zero 0 0:0 regular empty file 0,0\n/suid 6755 0:0 regular empty file 0,0\n/null 644 0:0 character special file 1,3\n/fifo 644 0:0 fifo 0,0\n',
  },
  {
    name: 'times',
    rule: 'times stay to the second, before 1970 and after 2038 too',
    base: 'busybox',
    dockerfile:
      "RUN touch -d '1969-12-31 00:00:00' /old && touch -d '2040-02-03 04:05:06' /late && touch -d '2001-02-03 04:05:06' /past",
    probe: "stat -c '%n %Y' /late /past; test $(stat -c %Y /old) -le 0 && echo old",
    prints: '/late 2211854706\n/past 981173106\nold\n',
  },
];
