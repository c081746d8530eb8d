const path = require('path')
const MpPlugin = require('mp-webpack-plugin')

module.exports = {
  mode: 'production',
  entry: { index: './src/pages/index.js', about: './src/pages/about.js' },
  target: 'web',
  output: {
    path: path.resolve(__dirname, 'dist/mp/common'),
    filename: '[name].js',
    library: 'createApp',
    libraryExport: 'default',
    libraryTarget: 'window'
  },
  optimization: { runtimeChunk: false, splitChunks: { chunks: 'all', minSize: 0, name: 'vendors' } },
  plugins: [
    new MpPlugin({
      origin: 'https://mp.example.org',
      entry: '/',
      router: { index: ['/'], about: ['/about'] },
      redirect: { notFound: 'index', accessDenied: 'index' },
      generate: { autoBuildNpm: false },
      app: {},
      appExtraConfig: {},
      projectConfig: {}
    })
  ]
}
