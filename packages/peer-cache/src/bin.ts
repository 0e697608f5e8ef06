#!/usr/bin/env node
import process from 'node:process';
import { main } from '@peer-cache/cli';

process.exitCode = await main(process.argv.slice(2));
