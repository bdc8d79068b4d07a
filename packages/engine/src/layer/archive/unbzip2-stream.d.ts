declare module 'unbzip2-stream' {
  /** A stream of the oldest kind: bzip2 in, its content out. */
  export default function unbzip2(): NodeJS.ReadWriteStream;
}
