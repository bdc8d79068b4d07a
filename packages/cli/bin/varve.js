#!/usr/bin/env node
const { endProcess, main } = require('../dist/bundle/varve.js');

void main().then(endProcess);
