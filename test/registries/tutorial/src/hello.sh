#!/bin/sh
echo @WORDS@
