import * as React from 'react'

export default class App extends React.Component {
  render () {
    return this.props.children
  }
}
