#!/usr/bin/env node
import { main } from '../dist/bundle/varve.js';

await main();
