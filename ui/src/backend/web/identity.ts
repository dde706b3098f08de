/**
 * The browser's identity: an Ed25519 key, created silently at the first visit.
 *
 * A page that was served over plain HTTP has no WebCrypto (`crypto.subtle`), only random numbers, so a library signs.
 */

import { randomName } from "../../shared/random-name";
import type { Auth, Challenge, DeviceId, Name } from "../protocol";

export interface Profile {
  /** The private key: 32 bytes. */
  privateKey: Uint8Array;
  name: Name;
  /** `true` after the user has chosen a name or confirmed the suggested one. */
  nameChosen: boolean;
}

/** Creates a profile with a new key and a suggested name. */
export function createProfile(): Profile {
  return { privateKey: crypto.getRandomValues(new Uint8Array(32)), name: randomName(), nameChosen: false };
}

/** Signs a server's challenge. The signed text is defined in docs/protocol.md, "Connecting". */
export async function signChallenge(
  profile: Profile,
  challenge: Challenge,
  protocol: number,
  device: DeviceId,
): Promise<Auth> {
  const text = ["ichat auth 1", challenge.server.id, challenge.nonce, device].join("\n");
  // An eighth of the page, which the first screen doesn't need.
  const { publicKeyOf, sign } = await import("./signature");
  return {
    protocol,
    key: base64url(publicKeyOf(profile.privateKey)),
    name: profile.name,
    device,
    nonce: challenge.nonce,
    signature: base64url(sign(new TextEncoder().encode(text), profile.privateKey)),
  };
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
