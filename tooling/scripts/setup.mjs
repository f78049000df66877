// npm run setup: installs what the lockfile lists, when that has changed.
import { setUp } from './workspace.mjs';

await setUp();
