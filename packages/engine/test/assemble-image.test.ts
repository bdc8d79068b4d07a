import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestOf, type ImageConfig, isIndexJson, mediaTypes, parseImageConfig, parseManifest } from '@varve/oci';
import { type AssembleInput, assembleImage, assembleIndex, finishConfig } from '../src/image/assemble.js';
import { imagePlatform } from '../src/image/image-platform.js';
import type { Image } from '../src/model/image.js';
import { amd64, layerNamed } from './planning-support.js';

const config: ImageConfig = {
  ...amd64,
  author: 'me',
  config: { Cmd: ['x'], Labels: { a: 'base', b: 'base' } },
  rootfs: { type: 'layers', diff_ids: [] },
};

function image(more: Partial<AssembleInput> = {}): Image {
  const input: AssembleInput = {
    config,
    layers: [layerNamed('one'), layerNamed('two')],
    history: [{ created_by: 'first' }, { created: '2026-01-02T00:00:00Z', created_by: 'second' }],
    platform: amd64,
    labels: {},
    annotations: [],
    ...more,
  };
  return assembleImage(input, finishConfig(input));
}

describe('an image', () => {
  it('has a config of its layers and its history, with the newest time', () => {
    const made = image();
    assert.deepEqual(made.config.rootfs.diff_ids, [layerNamed('one').diffId, layerNamed('two').diffId]);
    assert.equal(made.config.created, '2026-01-02T00:00:00Z');
    assert.equal(made.config.history?.length, 2);
    assert.equal(made.config.author, 'me');
    assert.equal(image({ epoch: '2000-01-01T00:00:00Z' }).config.created, '2000-01-01T00:00:00Z');
    assert.equal(image({ history: [] }).config.created, undefined);
  });

  it('has bytes that say the same as its values, and digests of them', () => {
    const made = image();
    assert.equal(made.configDescriptor.digest, digestOf(made.configBytes));
    assert.equal(made.configDescriptor.size, made.configBytes.length);
    assert.deepEqual(parseImageConfig(made.configBytes, 'the config'), made.config);
    const { json } = parseManifest(made.manifestBytes, undefined, 'the manifest');
    assert.equal(digestOf(made.manifestBytes), made.manifestDescriptor.digest);
    assert.ok(!isIndexJson(json));
    assert.deepEqual(json.config, made.configDescriptor);
    assert.deepEqual(
      json.layers,
      made.layers.map(layer => layer.descriptor),
    );
    assert.equal('annotations' in json, false);
  });

  it('takes labels over those of the Dockerfile, and annotations into its manifest', () => {
    const made = image({
      labels: { b: 'own', c: 'own' },
      annotations: [{ on: 'manifest', name: 'org.x', value: 'y' }],
    });
    assert.deepEqual(made.config.config?.Labels, { a: 'base', b: 'own', c: 'own' });
    assert.deepEqual(made.config.config?.Cmd, ['x']);
    const { json } = parseManifest(made.manifestBytes, undefined, 'the manifest');
    assert.deepEqual(json.annotations, { 'org.x': 'y' });
  });

  it('is an OCI image whatever its base was', () => {
    const docker = layerNamed('docker');
    const layers = [
      { ...docker, descriptor: { ...docker.descriptor, mediaType: mediaTypes.dockerLayerGzip } },
      layerNamed('own'),
    ];
    const made = image({ layers });
    assert.deepEqual(
      made.layers.map(({ descriptor }) => descriptor.mediaType),
      [mediaTypes.ociLayerGzip, mediaTypes.ociLayerGzip],
    );
    assert.equal(made.layers[0]?.descriptor.digest, docker.descriptor.digest);
    assert.equal(made.manifestDescriptor.mediaType, mediaTypes.ociManifest);
  });

  it('is for the platform that was asked for, without one for that of its base, in the names that all use', () => {
    const arm = { ...config, os: 'linux', architecture: 'arm64', variant: 'v8' };
    assert.deepEqual(imagePlatform(arm, undefined), { os: 'linux', architecture: 'arm64' });
    assert.deepEqual(imagePlatform(arm, amd64), amd64);
    const v3 = { ...config, ...amd64, variant: 'v3' };
    assert.deepEqual(imagePlatform(v3, amd64), { ...amd64, variant: 'v3' });
    const made = image({ config: arm }).config;
    assert.deepEqual([made.os, made.architecture, 'variant' in made, made.author], ['linux', 'amd64', false, 'me']);
  });

  it('has the same digest for the same input, and another for another', () => {
    const digest = (more: Partial<AssembleInput> = {}): string => image(more).manifestDescriptor.digest;
    assert.equal(digest(), digest());
    assert.notEqual(digest({ annotations: [{ on: 'manifest', name: 'a', value: 'b' }] }), digest());
    assert.notEqual(digest({ labels: { a: 'b' } }), digest());
  });
});

describe('an index', () => {
  it('lists the images in their order with their platforms', () => {
    const arm = { os: 'linux', architecture: 'arm', variant: 'v7' };
    const images = [image(), image({ platform: arm, config: { ...config, ...arm } })];
    const { descriptor, bytes } = assembleIndex(images);
    assert.equal(descriptor.digest, digestOf(bytes));
    assert.equal(descriptor.mediaType, mediaTypes.ociIndex);
    const { json } = parseManifest(bytes, undefined, 'the index');
    assert.ok(isIndexJson(json));
    assert.deepEqual(
      json.manifests.map(({ digest, platform }) => [digest, platform]),
      images.map(({ manifestDescriptor, platform }) => [manifestDescriptor.digest, platform]),
    );
  });
});
