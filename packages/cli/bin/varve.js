#!/usr/bin/env node
import { endProcess, main } from '../dist/bundle/varve.js';

await main();
await endProcess();
