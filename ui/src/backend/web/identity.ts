/**
 * Who this browser is: an Ed25519 key, made silently at the first visit.
 *
 * A page that came over plain http has no WebCrypto (`crypto.subtle`), only its random numbers, so the signing is done
 * by a library.
 */

import { ed25519 } from "@noble/curves/ed25519.js";
import type { Auth, Challenge, DeviceId, Name } from "../protocol";
import { randomName } from "../../shared/random-name";

export interface Profile {
  /** The secret half of the key: 32 bytes. */
  secret: Uint8Array;
  name: Name;
  /** Whether a person has chosen the name. */
  named: boolean;
}

export function freshProfile(): Profile {
  return { secret: ed25519.utils.randomSecretKey(), name: randomName(), named: false };
}

/** The answer to a server's challenge; the text that is signed stands in docs/protocol.md, "Connecting". */
export function answer(profile: Profile, challenge: Challenge, protocol: number, device: DeviceId): Auth {
  const text = ["ichat auth 1", challenge.server.id, challenge.nonce, device].join("\n");
  return {
    protocol,
    key: base64url(ed25519.getPublicKey(profile.secret)),
    name: profile.name,
    device,
    nonce: challenge.nonce,
    signature: base64url(ed25519.sign(new TextEncoder().encode(text), profile.secret)),
  };
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
