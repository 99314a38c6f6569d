import { linuxPlatform, type Platform, parsePlatform } from '../oci/index.ts';

/** What images are built for, and run on, unless something else is asked for. */
export function hostPlatform(): Platform {
  return linuxPlatform(process.arch);
}

/** The platform that an option names. @throws {SlipwayError} `OCI_BAD_PLATFORM` */
export function platformOf(option: string | undefined): Platform {
  return option === undefined ? hostPlatform() : parsePlatform(option, hostPlatform());
}
