/**
 * The bytes in a buffer of their own, so that arrays of wider elements can stand on them. (`slice` of a Node `Buffer`
 * shares the memory of a whole pool.)
 */
export const copyOfBytes = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;
